def convert(thing, version):
    spec = thing["spec"]
    if version == "v1" and "size" in spec:
        spec["width"] = int(spec.pop("size"))
    elif version == "v1beta1" and "width" in spec:
        spec["size"] = str(spec.pop("width"))
    return thing
