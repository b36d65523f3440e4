"""What one sees while a network trains: a bar, and a curve that grows. Watchers for `train(..., watchers=[...])`.

A bar is a widget where a notebook's front end answers and a line of text elsewhere; a curve is a picture that is replaced, so that an
executed notebook keeps the last one.
"""

import time

from vostutor.engine.training import History, Training

REDRAWN = 1.0  # seconds between two pictures at least
SHARE = 0.05  # of the time goes into pictures at most, on a slow machine too


class Bar:
    """A progress bar with the loss beside it.

    >>> import io
    >>> text = io.StringIO()
    >>> bar = Bar(file=text)
    >>> for step in (1, 2):
    ...     bar(Training(steps=2), History([0.5] * step))
    >>> "2/2" in text.getvalue(), "loss 0.500" in text.getvalue()
    (True, True)
    """

    def __init__(self, **options):
        self._bar, self._options = None, options

    def __call__(self, training: Training, history: History) -> None:
        if self._bar is None:
            from tqdm.auto import tqdm

            self._options.setdefault("mininterval", 0.5)
            self._bar = tqdm(total=training.steps, initial=history.steps - 1, unit="step", **self._options)
        self._bar.set_postfix_str(f"loss {history.smoothed()[-1]:.3f}", refresh=False)
        self._bar.update(history.steps - self._bar.n)
        if history.steps == training.steps:
            self._bar.refresh()
            self._bar.close()


class LiveCurve:
    """The loss over the steps, drawn again every few seconds in a notebook; `what` names it on the axis, with its unit."""

    def __init__(self, what: str = "loss"):
        self._what, self._shown, self._next = what, None, 0.0

    def __call__(self, training: Training, history: History) -> None:
        if history.steps < training.steps and time.monotonic() < self._next:
            return
        began = time.monotonic()
        from IPython.display import display

        picture = self.picture(training, history)
        if self._shown is None:
            self._shown = display(picture, display_id=True)
        else:
            self._shown.update(picture)
        drawn = time.monotonic()
        self._next = drawn + max(REDRAWN, (drawn - began) / SHARE)

    def picture(self, training: Training, history: History):
        """The curve so far, with room for what is to come.

        >>> LiveCurve("EPE (px)").picture(Training(steps=4), History([3.0, 2.0]))
        Picture(720 x 302, image/png, 'The EPE (px) of every step of training and its running mean, for 4 steps.')
        """
        from vostutor.viz import Picture, new_figure, plot_loss

        figure, ax = new_figure(width=5, height=2.1)
        plot_loss(history.losses, steps=training.steps, ax=ax, what=self._what)
        alt = f"The {self._what} of every step of training and its running mean, for {training.steps} steps."
        return Picture(figure, alt=alt)
