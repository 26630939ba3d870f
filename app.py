"""The chat window: `python app.py [--open] [--port N]`. Wires settings to the server, no more."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the window until stopped; 0 stopped, 2 it could not start, with one line that says why."""
    parser = argparse.ArgumentParser(description="问答窗口 · the chat window")
    parser.add_argument("--open", action="store_true", help="open a browser, where there is a display")
    parser.add_argument("--host", help="address to listen on (setting HOST)")
    parser.add_argument("--port", type=int, help="port to listen on, 0 for any that is free (setting PORT)")
    arguments = parser.parse_args(argv)

    from pydantic import ValidationError

    from assistant.config import Settings
    from assistant.ui.login import LoginFileError
    from assistant.ui.server import serve
    from index.types import IndexingError

    given = {name: value for name in ("host", "port") if (value := getattr(arguments, name)) is not None}
    try:
        serve(Settings(**given), open_browser=arguments.open)
    except (IndexingError, LoginFileError) as error:
        said = str(error)
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(map(str, first["loc"])).upper()
        said = f"设置 {name} 无效。 The setting {name} is wrong: {first['msg']}"
    except OSError as error:
        said = f"地址或端口用不了，可换 --port。 Can't listen there; try --port N: {error.strerror or error}"
    except KeyboardInterrupt:
        return 0
    else:
        return 0
    sys.stderr.write(f"{said}\n")
    return 2


if __name__ == "__main__":
    raise SystemExit(main())
