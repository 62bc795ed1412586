"""From raw records to the files that users read."""

from .run import analyse_directory, export_trace

__all__ = ["analyse_directory", "export_trace"]
