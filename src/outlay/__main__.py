"""The command `outlay`. Says what to install when only the SDK is there."""

import sys


def main() -> None:
    """Run the command line, or say which extra it needs."""
    try:
        from outlay.cli import main as run  # noqa: PLC0415 - the SDK alone has no command line
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "outlay":
            raise
        sys.stderr.write(
            f"outlay: the command needs {error.name}, which the SDK alone does not bring.\n"
            'Fix: pip install "outlay[server]"\n'
        )
        sys.exit(2)
    run()


if __name__ == "__main__":
    main()
