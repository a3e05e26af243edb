def review(thing, request):
    predictor = thing["spec"]["predictor"]
    if "triton" in predictor:
        predictor["model"] = {**predictor.pop("triton"), "modelFormat": {"name": "triton"}}
    return thing
