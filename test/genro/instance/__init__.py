from .table import InstanceTable

__all__ = ["InstanceTable"]
