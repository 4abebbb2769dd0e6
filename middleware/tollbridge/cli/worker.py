"""The app of one worker process; uvicorn calls it in each."""

from tollbridge.config import load_config
from tollbridge.gateway import Gateway
from tollbridge.metrics import join_multiprocess
from tollbridge.serving import configure_logs
from tollbridge.wrapping import Tollbridge


def make_app() -> Tollbridge:
    """Build this worker's gateway."""
    config = load_config()
    configure_logs(config)
    join_multiprocess()
    return Tollbridge(gateway=Gateway(config))
