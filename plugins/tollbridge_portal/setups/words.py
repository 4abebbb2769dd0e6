"""Every sentence of the set-ups, marked for translators.  A per cent sign is written twice: values are filled in."""

from tollbridge.browsing import gettext_noop as N_

TOKEN = N_("Put your token into the environment variable %(variable)s. Nothing is shown while you paste it.")
INSTALL = N_("Install it.")
INSTALL_PACKAGES = N_("Install the packages.")
RUN = N_("Save this program and run it.")

ABOUT_CLAUDE_CODE = N_("Anthropic's coding agent for the terminal. It speaks Anthropic's Messages API.")
CLAUDE_CODE_ENV = N_("Point it at the gateway and start it. The address has no /v1: it adds that itself.")
CLAUDE_CODE_STATUS = N_("Type /status in it: the line about the base URL must show the gateway.")
CLAUDE_CODE_KEEP = N_(
    "To keep this for every terminal, write it into your own settings instead. The command there prints the token each"
    " time it is needed, so a new token needs no new file."
)
CLAUDE_CODE_PICKER = N_("Its list of models shows only those of a gateway whose names begin with claude or anthropic.")
CLAUDE_CODE_TOOLS = N_("Web search runs at Anthropic, so it works only where the model's provider is Anthropic.")
CLAUDE_CODE_CLOUD = N_("The desktop app and sessions in the cloud sign in at Anthropic and do not read these settings.")

ABOUT_CODEX = N_("OpenAI's coding agent for the terminal. It speaks OpenAI's Responses API and no other.")
CODEX_CONFIG = N_(
    "Name the gateway as a provider in your own configuration. A file in a project's folder cannot set a provider."
)
CODEX_RUN = N_("Start it in the terminal that has the token.")
CODEX_METADATA = N_(
    "It warns that it has no data about a model whose name it does not know, and then goes by defaults, which may suit"
    " the model less."
)
CODEX_NAMES = N_("The names openai, ollama and lmstudio are its own: a provider of yours cannot have them.")
CODEX_SEARCH = N_("Web search runs at OpenAI, so it works only where the model's provider is OpenAI.")

ABOUT_CURSOR = N_("A code editor with an agent. Its models of OpenAI can be pointed at another address.")
CURSOR_OPEN = N_("Open Cursor Settings, then Models, then API Keys.")
CURSOR_KEY = N_("Switch on OpenAI API Key and paste your token there.")
CURSOR_URL = N_("Switch on Override OpenAI Base URL and enter this address. The /v1 belongs to it.")
CURSOR_MODEL = N_("Add a custom model with this name, switch it on, and choose it in the chat.")
CURSOR_PUBLIC = N_(
    "Cursor's own servers make the calls, so the gateway must have a public https address; localhost or a company's"
    " network is out of their reach. They also see your token and your prompts."
)
CURSOR_TAB = N_("Tab completion and other features with models of Cursor's own do not use the gateway.")
CURSOR_GLOBAL = N_("The address holds for all models of OpenAI in Cursor until you switch it off.")
CURSOR_SHAPE = N_(
    "For some models Cursor sends the body of the Responses API to the address of chat, where it is not understood."
    " Give the model a name that does not begin with gpt, claude or gemini, for instance by an alias."
)
CURSOR_PLAN = N_("A model of your own can be chosen on paid plans alone.")

ABOUT_OPEN_WEBUI = N_("A chat in the browser for a team, run by yourself. It speaks OpenAI's chat.")
OPEN_WEBUI_RUN = N_("Start it with the gateway as its connection, then open http://localhost:3000.")
OPEN_WEBUI_CHOOSE = N_("Choose the model %(model)s. The list shows what your token may call.")
OPEN_WEBUI_KEPT = N_(
    "It reads the address and the token at its first start and then keeps them in its database. Change them later in"
    " Admin Panel, Settings, Connections."
)
OPEN_WEBUI_LOCAL = N_("In a container, localhost is the container itself: give the gateway an address it can reach.")
OPEN_WEBUI_ONE = N_(
    "All its users call with this one token, so the gateway sees one caller. Give it a token of its own, with a budget."
)
OPEN_WEBUI_TASKS = N_("It asks a model for titles and tags by itself; those calls cost as well.")

ABOUT_OPENAI_SDK = N_("OpenAI's own libraries. Two settings change, your program does not.")
OPENAI_SDK_ENV = N_("Or leave the program as it is and set the two variables that the libraries read.")
OPENAI_SDK_OTHERS = N_(
    "Files, batches, fine-tuning and assistants are not translated: they work only where the gateway's operator named a"
    " provider for them, or not at all."
)

ABOUT_ANTHROPIC_SDK = N_("Anthropic's own libraries. Two settings change, your program does not.")
ANTHROPIC_SDK_ENV = N_("Or leave the program as it is and set the two variables that the libraries read.")
ANTHROPIC_SDK_OTHERS = N_("Message batches and files of Anthropic's are not served.")

ABOUT_LANGCHAIN = N_("A library for programs with models, in Python. Use the class of the API that you like better.")
LANGCHAIN_OPENAI = N_("With OpenAI's chat.")
LANGCHAIN_ANTHROPIC = N_("With Anthropic's Messages API. The address has no /v1.")
LANGCHAIN_EMBEDDINGS = N_(
    "Give OpenAIEmbeddings check_embedding_ctx_length=False: otherwise it sends numbers of OpenAI's tokenizer in place"
    " of texts, which other providers do not understand."
)
LANGCHAIN_EXTRAS = N_(
    "ChatOpenAI takes only what OpenAI's API has: fields that other providers add, such as reasoning_content, are not"
    " read."
)

ABOUT_AI_SDK = N_("Vercel's library for programs with models, in TypeScript and JavaScript.")
AI_SDK_COMPATIBLE = N_("With OpenAI's chat, for every model.")
AI_SDK_OPENAI = N_("With OpenAI's Responses API, which this provider calls unless you ask for chat.")
AI_SDK_ANTHROPIC = N_("With Anthropic's Messages API. Here the /v1 belongs to the address.")
AI_SDK_NAMES = N_(
    "A model that is named by a mere text goes to Vercel's own gateway: always name it by a provider, as above."
)
