"""The codec of Converse: `POST /model/{model}/converse` and `converse-stream`."""

from tollbridge.formats import ConversationCodec
from tollbridge_bedrock.answers import read_response, write_response
from tollbridge_bedrock.errors import read_error
from tollbridge_bedrock.requests_in import read_request
from tollbridge_bedrock.requests_out import write_request
from tollbridge_bedrock.streams_in import ConverseStreamReader
from tollbridge_bedrock.streams_out import ConverseStreamWriter
from tollbridge_bedrock.words import NAME

CONVERSE_CODEC = ConversationCodec(
    name=NAME,
    spelled={
        "max_output": "inferenceConfig.maxTokens",
        "temperature": "inferenceConfig.temperature",
        "top_p": "inferenceConfig.topP",
        "top_k": "additionalModelRequestFields.top_k",
        "stop": "inferenceConfig.stopSequences",
        "tools": "toolConfig.tools",
        "choice": "toolConfig.toolChoice",
        "thinking": "additionalModelRequestFields.thinking",
        "format": "outputConfig.textFormat",
        "metadata": "requestMetadata",
        "tier": "serviceTier",
        "messages[].content[].cache": "messages[].content[].cachePoint",
        "tools[].cache": "toolConfig.tools[].cachePoint",
    },
    read_request=read_request,
    write_request=write_request,
    read_response=read_response,
    write_response=write_response,
    stream_reader=ConverseStreamReader,
    stream_writer=ConverseStreamWriter,
    read_error=read_error,
)
