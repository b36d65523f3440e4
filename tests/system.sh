#!/bin/sh
# The browser tests need chromium. Install it where apt and the rights are there; say so and go on where they are not.
command -v chromium >/dev/null || command -v google-chrome >/dev/null && exit 0
why="no rights to install it"
if command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
    echo "installing chromium for the browser tests"
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null && exit 0
    why="apt-get could not install it"
fi
echo "no chromium, and $why: the browser tests will be skipped (try: sudo apt-get install chromium)"
