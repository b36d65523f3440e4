"""Layer 2: blocks that several papers share. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "Backbone": "backbone",
    "BackboneConfig": "backbone",
    "vgg16_convolutions": "imagenet",
    "Instances": "instances", "OnceAFrame": "instances", "sure_instances": "instances",
    "LabelPool": "label_pool", "Places": "label_pool",
    "agreed": "neighbour_votes", "votes": "neighbour_votes",
    "OneByOne": "one_by_one",
    "SeenFrames": "seen_frames",
})  # fmt: skip
