"""The log of all processes of this program: on standard error, and in a file where the settings name one."""

import logging


def configure_logging(level: str, file: str = "", name: str = "") -> bool:
    """Times and levels before each line, and the `name` of the process; whether the file, if any, can be written."""
    form = " ".join(filter(None, ("%(asctime)s", name, "%(levelname)s %(message)s")))
    logging.basicConfig(level=level.upper(), format=form, force=True)
    if not file:
        return True
    try:
        handler = logging.FileHandler(file, encoding="utf-8")
    except OSError as error:
        logging.getLogger(__name__).warning(
            "the log file %s cannot be written (%s); set EXPLORER_LOG_FILE", file, error.strerror
        )
        return False
    handler.setFormatter(logging.Formatter(form))
    logging.getLogger().addHandler(handler)
    return True
