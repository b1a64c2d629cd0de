"""Runs a worker's handler, and ends with the program that started it, however that went."""

import os
import runpy
import sys
import threading


def end_with_the_stack():
    sys.stdin.buffer.read()
    os.killpg(0, 9)


threading.Thread(target=end_with_the_stack, daemon=True).start()
script = sys.argv[1]
sys.argv = [script]
sys.path.insert(0, os.path.dirname(script))
runpy.run_path(script, run_name="__main__")
