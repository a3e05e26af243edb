def review(thing, request):
    if thing.get("data", {}).get("mode") == "forbidden":
        return "this mode is not for us"
    return None
