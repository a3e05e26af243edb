import base64


def review(thing, request):
    if "password" in thing.get("data", {}):
        return "a password like " + base64.b64decode(thing["data"]["password"]).decode() + " is too easy"
    return None
