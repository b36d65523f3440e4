"""Layer 5: interactive pictures, each a class and the JavaScript beside it, with a still picture where no kernel runs."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "ClipPlayer": "clip_player", "JFExplorer": "jf_explorer", "Switchboard": "switchboard",
    "CorrelationProbe": "correlation_probe", "FineTuningScrubber": "fine_tuning_scrubber",
    "AdaptationPainter": "adaptation_painter", "MatchProbe": "match_probe",
    "EmbeddingScatter": "embedding_scatter", "ClickSegmenter": "click_segmenter",
})  # fmt: skip
