"""A widget alone on a page: its own scripts, and a model that keeps its values and talks to nobody, as where no kernel is."""

import json

_PAGE = """
  <body><div id="here"></div><script type="module">
  const state = JSON.parse(%s, (_, value) => (value?.packed ? new DataView(Uint8Array.from(value.packed).buffer) : value)), heard = {};
  window.model = {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; (heard[`change:${name}`] ?? []).forEach((react) => react()); },
    on: (event, react) => (heard[event] ??= []).push(react), off: () => {}, save_changes: () => {},
  };
  const code = %s;
  const widget = (await import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })))).default;
  widget.initialize?.({ model });
  widget.render({ model, el: document.getElementById("here") });
  </script><style>%s</style></body>"""


def state_of(widget) -> dict:
    """What a page is told about a widget, bytes included."""
    names = [name for name in widget.keys if not name.startswith("_") and name not in ("layout", "comm")]
    return {name: getattr(widget, name) for name in names}


def page_of(widget) -> str:
    """The page; `model` is there for tests to look at."""
    as_json = json.dumps(
        state_of(widget), default=lambda value: {"packed": list(value)} if isinstance(value, bytes) else str(value)
    )
    return _PAGE % (json.dumps(as_json), json.dumps(widget._esm), widget._css)
