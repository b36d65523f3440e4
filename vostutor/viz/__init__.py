"""Layer 2: arrays in, pictures out. `draw_*` returns uint8 pixels, `plot_*` returns the Axes, `Picture` is what a cell ends with."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "Look": "colours", "look_of": "colours", "series_look": "colours", "VOID_COLOUR": "colours", "DASHES": "colours",
    "draw_masks": "draw", "draw_outline": "draw", "draw_labels": "draw", "draw_binary": "draw", "as_pixels": "draw",
    "contact_sheet": "sheet", "time_stamps": "sheet",
    "draw_flow": "flow", "draw_wheel": "flow", "flow_of_colour": "flow",
    "plot_scores": "plots", "plot_bars": "plots", "plot_loss": "plots", "quarter_bounds": "plots",
    "Picture": "picture", "render_figure": "picture", "figure_digest": "digest", "Table": "table",
    "style": "figures", "new_figure": "figures", "show_pixels": "figures",
})  # fmt: skip
