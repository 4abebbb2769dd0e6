"""A definition that is ready to be called: its templates read, its schemas compiled."""

from tollbridge_prompts.conversation import Conversation
from tollbridge_prompts.definition import PromptDefinition
from tollbridge_prompts.outputs import Outputs
from tollbridge_prompts.variables import Inputs, read_variables


class Prompt:
    """What one release needs for its calls; it never changes.  Raises `UnusableSchema`."""

    def __init__(self, definition: PromptDefinition) -> None:
        self.definition = definition
        self.inputs = Inputs(read_variables(definition.variables))
        self.conversation = Conversation(definition, self.inputs.variables)
        self.outputs = Outputs(definition.output)
