"""Layer 2: where the course's data lies, how it is read, and how minivos is drawn. Names load on first use."""

from vostutor.core.lazy import lazily

__getattr__, __all__ = lazily(__name__, {
    "home": "place",
    "DavisRoot": "davis", "DavisSequence": "davis",
    "VideoSource": "video", "FolderSource": "video", "open_source": "video", "read_frame": "frames",
    "VideoWriter": "video_writer",
    "read_ids": "palette", "write_ids": "palette",
    "draw_clip": "minivos", "LABELS": "minivos", "VERSION": "minivos", "validation_split": "split",
    "draw_training_clip": "minivos", "draw_recipe": "minivos",
    "read_flo": "flow_files", "write_flo": "flow_files",
    "read_kitti_flow": "flow_files", "write_kitti_flow": "flow_files",
    "encode_kitti": "flow_files", "decode_kitti": "flow_files",
    "flying_chairs": "flow_sets", "sintel": "flow_sets", "kitti": "flow_sets",
    "FlowSet": "flow_sets", "FlowPair": "flow_sets", "PairFiles": "flow_sets",
    "flow_pool": "flow_pairs", "flow_split": "flow_pairs", "flow_batches": "flow_pairs", "take_pairs": "flow_pairs",
    "Augmentation": "augment", "AUGMENTATIONS": "augment", "augment_pair": "augment", "change_view": "augment", "draw_change": "augment",
    "noisy_instances": "instances",
    "Pool": "pool", "clip_pool": "pool", "fingerprint": "freeze",
})  # fmt: skip
