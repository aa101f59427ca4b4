"""In: JMESPath expressions, and values as JSON has them. Out: what the expressions find. Never here: lines."""

from watchkeeper.logs.agent.jmespath.parser import JmesPathError, compile_path

__all__ = ["JmesPathError", "compile_path"]
