// Time for widgets that play: one clock for each model, however many views it has, and the icons of its buttons.
const PLAY = "M3 2 L14 8 L3 14 Z", PAUSE = "M3 2 H7 V14 H3 Z M9 2 H13 V14 H9 Z";
const BACK = "M11 2 V14 L4 8 Z M3 2 H4.6 V14 H3 Z", ON = "M5 2 V14 L12 8 Z M11.4 2 H13 V14 H11.4 Z";

function keepTime(model, countFrames, name = "frame") {
  let timer = 0;
  const tick = () => tell(model, { [name]: (model.get(name) + 1) % countFrames() });
  const follow = () => {
    clearInterval(timer);
    if (model.get("playing")) timer = setInterval(tick, 1000 / model.get("pace"));
  };
  const stop = watch(model, ["playing", "pace"], follow);
  follow();
  return () => { clearInterval(timer); stop(); };
}

// The play button shows what a press would do.
function showPlaying(button, playing) {
  const word = playing ? "pause" : "play";
  button.querySelector("path").setAttribute("d", playing ? PAUSE : PLAY);
  fill(button, { "aria-label": word, title: word });
}
