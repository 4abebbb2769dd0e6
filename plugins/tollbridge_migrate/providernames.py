"""What other gateways call providers, and what they are called here; a test holds them against what is installed."""

LITELLM = {
    **{name: name for name in ("openai", "anthropic", "gemini", "bedrock", "cohere", "mistral", "ollama", "groq")},
    **{
        name: name for name in ("huggingface", "cloudflare", "replicate", "deepseek", "openrouter", "xai", "perplexity")
    },
    **{name: name for name in ("deepinfra", "anyscale", "ai21", "cerebras", "sambanova", "moonshot", "dashscope")},
    **{name: name for name in ("llamafile", "xinference", "databricks", "galadriel", "codestral", "voyage", "novita")},
    **{name: name for name in ("nebius", "hyperbolic", "nscale", "v0", "morph", "minimax", "cometapi", "lemonade")},
    **{name: name for name in ("ovhcloud", "baseten", "vllm")},
    "azure": "azure-deployments",
    "vertex_ai": "vertex",
    "vertex_ai_beta": "vertex",
    "bedrock_converse": "bedrock",
    "cohere_chat": "cohere",
    "ollama_chat": "ollama",
    "text-completion-openai": "openai",
    "text-completion-codestral": "codestral",
    "together_ai": "together-ai",
    "fireworks_ai": "fireworks-ai",
    "nvidia_nim": "nvidia-nim",
    "volcengine": "volcengine-ark",
    "hosted_vllm": "vllm",
    "lm_studio": "lm-studio",
    "github": "github-models",
    "friendliai": "friendli",
    "litellm_proxy": "litellm",
    "jina_ai": "jina",
    "meta_llama": "meta-llama-api",
    "lambda_ai": "lambda",
    "featherless_ai": "featherless-ai",
    "vercel_ai_gateway": "vercel-ai-gateway",
    "wandb": "wandb-inference",
    "zai": "z-ai",
    "aiml": "aimlapi",
    "snowflake": "snowflake-cortex",
    "docker_model_runner": "docker-model-runner",
}
"""Prefixes of models in LiteLLM (litellm/constants.py and types/utils.py of BerriAI/litellm, read 2026-11)."""

ONE_API = {
    **{1: "openai", 3: "azure-deployments", 14: "anthropic", 16: "zhipu", 17: "dashscope-cn", 19: "360-zhinao"},
    **{20: "openrouter", 24: "gemini", 25: "moonshot-cn", 26: "baichuan", 27: "minimax-cn", 28: "mistral", 29: "groq"},
    **{30: "ollama", 31: "lingyiwanwu", 32: "stepfun", 33: "bedrock", 35: "cohere", 36: "deepseek", 37: "cloudflare"},
    **{39: "together-ai", 40: "volcengine-ark", 41: "novita", 42: "vertex", 44: "siliconflow-cn", 45: "xai"},
    **{46: "replicate", 47: "baidu-qianfan", 48: "xunfei-spark", 49: "dashscope-cn", 51: "gemini"},
}
"""Types of channels in one-api (relay/channeltype/define.go of songquanpeng/one-api at 8df4a267)."""
ONE_API_COMPATIBLE = frozenset((8, 50))
"""Those that are a URL of somebody's own in OpenAI's dialect."""

NEW_API = {
    **{1: "openai", 3: "azure-deployments", 4: "ollama", 14: "anthropic", 16: "zhipu", 17: "dashscope-cn"},
    **{19: "360-zhinao", 20: "openrouter", 24: "gemini", 25: "moonshot-cn", 26: "zhipu", 27: "perplexity"},
    **{31: "lingyiwanwu", 33: "bedrock", 34: "cohere", 35: "minimax-cn", 38: "jina", 39: "cloudflare"},
    **{40: "siliconflow-cn", 41: "vertex", 42: "mistral", 43: "deepseek", 45: "volcengine-ark", 46: "baidu-qianfan"},
    **{47: "xinference", 48: "xai", 53: "submodel", 56: "replicate"},
}
"""Types of channels in new-api, which counts otherwise from 2 on (constant/channel.go of QuantumNous/new-api)."""
NEW_API_COMPATIBLE = frozenset((8,))

COMPOUND = frozenset(("bedrock", "vertex", "xunfei-spark"))
"""Providers whose credential is more than one key in both."""

PORTKEY = {
    **{name: name for name in ("openai", "cohere", "anthropic", "anyscale", "together-ai", "huggingface")},
    **{name: name for name in ("deepinfra", "ncompass", "nomic", "ollama", "ai21", "bedrock", "groq", "jina")},
    **{name: name for name in ("fireworks-ai", "moonshot", "openrouter", "zhipu", "monsterapi", "deepseek", "voyage")},
    **{name: name for name in ("deepbricks", "siliconflow", "cerebras", "inference-net", "sambanova", "upstage")},
    **{name: name for name in ("lambda", "dashscope", "nebius", "replicate", "lepton", "kluster-ai", "nscale")},
    **{name: name for name in ("hyperbolic", "featherless-ai", "krutrim", "302ai", "cometapi", "matterai", "nextbit")},
    **{name: name for name in ("modal", "z-ai", "aibadgr", "ovhcloud")},
    "azure-openai": "azure-deployments",
    "google": "gemini",
    "vertex-ai": "vertex",
    "mistral-ai": "mistral",
    "perplexity-ai": "perplexity",
    "reka-ai": "reka",
    "workers-ai": "cloudflare",
    "lingyi": "lingyiwanwu",
    "novita-ai": "novita",
    "github": "github-models",
    "lemonfox-ai": "lemonfox",
    "x-ai": "xai",
    "cortex": "snowflake-cortex",
    "iointelligence": "io-intelligence",
}
"""Providers of Portkey (src/globals.ts of Portkey-AI/gateway at 669825cb)."""

APIPARK = {
    **{name: name for name in ("anthropic", "baichuan", "bedrock", "cohere", "deepseek", "groq", "hunyuan", "minimax")},
    **{name: name for name in ("moonshot", "novita", "ollama", "openai", "openrouter", "perfxcloud", "stepfun")},
    **{name: name for name in ("upstage", "xinference")},
    "azure_openai": "azure",
    "bailian": "dashscope-cn",
    "fireworks": "fireworks-ai",
    "google": "gemini",
    "huggingface_hub": "huggingface",
    "lm_studio": "lm-studio",
    "mistralai": "mistral",
    "nvidia": "nvidia-nim",
    "siliconflow": "siliconflow-cn",
    "spark": "xunfei-spark",
    "tongyi": "dashscope-cn",
    "vertex_ai": "vertex",
    "volcengine_maas": "volcengine-ark",
    "wenxin": "baidu-qianfan",
    "yi": "lingyiwanwu",
    "zhinao": "360-zhinao",
    "zhipuai": "zhipu",
}
"""Providers of APIPark (ai-provider/model-runtime/model-providers of APIParkLab/APIPark at 9192b399)."""
