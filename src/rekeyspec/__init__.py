"""Does a secure link change its keys and prove its peer alive as it should?"""

__version__ = "0.1.0"
