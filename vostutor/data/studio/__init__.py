"""Where minivos is drawn: shapes, surfaces, motion, scenes, the renderers and the sensor. Names load on first use.

Reading order: outlines, sketch, creatures, machines and things, bodies; surfaces; motion, scene, layers, render, sensor; recipe.
"""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "Body": "bodies", "Part": "bodies", "draw_body": "bodies", "CATEGORIES": "bodies", "HELD_BACK": "bodies", "TRAINING": "bodies",
})  # fmt: skip
