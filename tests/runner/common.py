"""What all parts of the runner share."""
import os
import signal
import subprocess
import threading

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.realpath(__file__))))
SCRIPT_SECONDS = 180  # for each of a case's scripts
DIFF_SECONDS = 60     # for the program
say_lock = threading.Lock()


def say(text):
    with say_lock:
        print(text, flush=True)


class Failure(Exception):
    """The case could not be run, or is not one."""


def call(command, seconds, groups, **more):
    """The status of a command, None when it did not end in time. Its process group is added to groups."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True, **more) as child:
        groups.append(child.pid)
        try:
            return child.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            return None


def end(groups):
    """What the scripts left running (a webhook's server) lives until the case's end."""
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except ProcessLookupError:
            pass
