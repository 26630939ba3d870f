"""The window and the doors for programs: presentation only, no retrieval and no judgement of its own.

| file | one line |
| --- | --- |
| `server.py` | one web application: routes, headers, limits, start |
| `window.py` | the only import of gradio: the page, its HTTP API, its MCP server |
| `endpoints.py` | what the page and programs can call |
| `chat_api.py` | the OpenAI-compatible endpoint |
| `page_routes.py` | the page's questions, export, feedback; health |
| `desk.py` | every door's way to `Assistant.ask`: bound, limits, error numbers, log |
| `render.py` | answers and the document as HTML; everything escaped |
| `receipts.py` | answers and conversations as text, Markdown and .docx |
| `texts.py`, `texts.json` | what readers read, in Chinese and English |
| `login.py` | `AUTH_FILE` |
| `static/` | the page's frame, one style sheet, one script |
"""
