"""The ASGI entry point of the data side: ``uvicorn app.main:app``."""
