"""The sample for Go, with net/http."""

from tollbridge_portal.samples.quoting import go as literal
from tollbridge_portal.samples.quoting import go_raw
from tollbridge_portal.samples.request import Request
from tollbridge_portal.samples.sample import Sample

_READ = """\
	scanner := bufio.NewScanner(response.Body)
	scanner.Buffer(nil, 1<<20)
	for scanner.Scan() {
		if line := scanner.Text(); strings.HasPrefix(line, "data:") {
			fmt.Println(strings.TrimSpace(strings.TrimPrefix(line, "data:")))
		}
	}
	if err := scanner.Err(); err != nil {
		log.Fatal(err)
	}
"""
_SHOW = """\
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(string(answer))
"""


def go(request: Request) -> Sample:
    """Write the program."""
    body = "nil"
    start = ""
    if request.with_body:
        start = f"\tbody := strings.NewReader({go_raw(_without_backticks(request.text()))})\n"
        body = "body"
    headers = "".join(
        f"\trequest.Header.Set({literal(name)}, {literal(value)})\n" for name, value in request.all_headers().items()
    )
    packages = ["fmt", "io", "log", "net/http", "os"]
    packages += ["bufio"] if request.streamed else []
    packages += ["strings"] if request.with_body or request.streamed else []
    imports = "".join(f'\t"{name}"\n' for name in sorted(packages))
    code = f"""\
package main

import (
{imports})

func main() {{
{start}\trequest, err := http.NewRequest({literal(request.method)}, {literal(request.url)}, {body})
	if err != nil {{
		log.Fatal(err)
	}}
	request.Header.Set("Authorization", "Bearer "+os.Getenv({literal(request.variable)}))
{headers}
	response, err := http.DefaultClient.Do(request)
	if err != nil {{
		log.Fatal(err)
	}}
	defer response.Body.Close()
	if response.StatusCode >= 400 {{
		problem, _ := io.ReadAll(response.Body)
		log.Fatalf("%s: %s", response.Status, problem)
	}}
{_READ if request.streamed else _SHOW}}}
"""
    return Sample("go", "Go", "go", "main.go", code, "", "go run main.go")


def _without_backticks(body: str) -> str:
    """Escape what would end a raw literal: in JSON it stands in texts alone."""
    return body.replace("`", "\\u0060")
