"""Pictures need arrays, not tensors."""

import subprocess
import sys


def test_drawing_and_plotting_start_without_torch():
    code = "import sys; from vostutor.viz import draw_masks, draw_flow, plot_scores, Picture; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0
