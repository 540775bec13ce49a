"""Shared by all renderers: pictures, the SANDBOX mark, untrusted media, the render itself."""
