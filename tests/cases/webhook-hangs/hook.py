import time


def review(thing, request):
    time.sleep(30)
