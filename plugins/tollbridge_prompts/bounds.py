"""How large things may be.  What is larger is refused in a sentence, never cut in silence."""

TEMPLATE = 200_000
"""Characters of one template."""
SLOTS = 1_000
"""Places for values in one template."""
VARIABLES = 100
EXAMPLES = 50
CASES = 200
EXPECTATIONS = 20
"""Expectations of one case."""

SCHEMA_BYTES = 64 * 1024
SCHEMA_DEPTH = 32
SCHEMA_WEIGHT = 2_000
"""Schemas within a schema, each counted as often as it is led to."""
PATTERNS = 100
"""Patterns in a schema: to compile one may take 1 ms."""
PATTERN_BYTES = 256 * 1024
"""What a compiled pattern may take."""

BODY = 1024 * 1024
"""Bytes of a request's body."""
QUERY = 64 * 1024
DEPTH = 32
"""Levels of a value's nesting."""
ITEMS = 20_000
"""Values in the input, or in an answer that is JSON."""
RENDERED = 2 * 1024 * 1024
"""Characters of all messages of a conversation."""
ANSWER = 4 * 1024 * 1024
"""Characters of an answer."""

PROBLEMS = 20
"""Things found wrong that are named one by one."""
WORDS = 200
"""Characters of what is quoted in a sentence."""

KEPT_FAILURE = 300
KEPT_NAME = 100
"""Characters of what is kept of a case that was run."""

KEPT_ANSWERS = 1_000
KEPT_CHARACTERS = 8 * 1024 * 1024
"""Answers that one release keeps on one worker, and how large they are together."""
KEPT_ANSWER = 256 * 1024
"""Characters of one answer that is kept."""

JUDGED = 100_000
"""Characters of an answer, or of a part of one, that a judge can be asked about."""
REPAIR = 100_000
"""Characters of a wrong answer that the model is shown again."""
DIFF_LINES = 2_000
"""Lines of a template that are compared line by line."""
DIFF = 20_000
"""Characters of a difference that is shown."""
