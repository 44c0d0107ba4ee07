#!/bin/sh
# Regression of the slopes of generated images: sh gradients.sh http://localhost:5000 FOLDER
# FOLDER gets two small images and lies where the server may read. Ends with 0 if all is as promised.
set -eu
server=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cookie=$work/digits.cookie
network='{"layers": [{"type": "scale", "factor": 0.004}, {"type": "flatten"}, {"type": "linear", "out_features": 2}]}'

# `read_json EXPRESSION < answer`: a value of an answer, which Python calls `it`.
read_json() { python3 -c 'import json, sys; it = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
# `check EXPRESSION < answer`: end with the answer unless that is true.
check() {
    python3 -c 'import json, sys; it = json.load(sys.stdin); eval(sys.argv[1]) or sys.exit(f"not so: {sys.argv[1]}\n{it}")' "$1"
}
# `wait_done /models/<id>`: until the job is Done.
wait_done() {
    while :; do
        status=$(curl -sf "$server$1/status" | read_json 'it["status"]')
        case $status in
            Done) return ;;
            Error | Aborted) curl -s "$server$1.json" >&2; exit 1 ;;
        esac
        sleep 0.2
    done
}
# `image_of GX GY`: the image with these slopes, as the dataset makes them.
image_of() {
    awk -v gx="$1" -v gy="$2" 'BEGIN {
        print "P2 32 32 255"
        for (y = 0; y < 32; y++) for (x = 0; x < 32; x++)
            print int(127.5 + gx * 255 / 32 * (x - 16) + gy * 255 / 32 * (y - 16))
    }'
}

curl -s -o /dev/null -w '%{http_code}\n' -c "$cookie" -F username=fred "$server/login" | grep -qx 302

echo '7. a dataset of images with known slopes'
curl -s -f -b "$cookie" "$server/datasets/generic/create/image-gradients.json" -F dataset_name=slopes > "$work/made"
dataset=$(read_json 'it["id"]' < "$work/made")
wait_done "/datasets/$dataset"
curl -sf "$server/datasets/$dataset.json" > "$work/dataset"
check '[each["entry_count"] for each in it["create_db_tasks"]] == [1000, 250, 0]' < "$work/dataset"
check 'it["feature_dims"] == [32, 32, 1]' < "$work/dataset"

echo '8. train a linear network'
curl -s -f -b "$cookie" "$server/models/images/generic.json" \
    -F method=custom -F train_epochs=3 -F framework=torch -F model_name=regression -F dataset="$dataset" \
    -F custom_network="$network" > "$work/made"
check 'it["status"] == "Initialized" and not {"labels file", "image resize mode"} & it.keys()' < "$work/made"
model=$(read_json 'it["id"]' < "$work/made")
wait_done "/models/$model"

echo '9. the slopes of one image; no cookie'
image_of 0.5 0.5 > "$folder/half.pgm"
image_of 0.3 -0.1 > "$folder/other.pgm"
curl -s -f "$server/models/images/generic/infer_one.json" \
    -F job_id="$model" -F image_file=@"$folder/half.pgm" > "$work/one"
cat "$work/one"
echo
check 'all(abs(slope - 0.5) < 0.02 for [pair] in [it["outputs"]["output"]] for slope in pair)' < "$work/one"

echo '10. the slopes of a list of images'
printf '%s\n' "$folder/half.pgm" "$folder/other.pgm" > "$work/list.txt"
curl -s -f "$server/models/images/generic/infer_many.json" \
    -F job_id="$model" -F image_list=@"$work/list.txt" > "$work/many"
check "all(abs(a - b) < 0.02 for a, b in zip(it['outputs']['$folder/other.pgm']['output'], [0.3, -0.1], strict=True))" < "$work/many"

# The mean absolute error over the validation images, whose true slopes the pages show.
val=$(read_json 'it["directory"] + "/" + it["create_db_tasks"][1]["feature_db_path"]' < "$work/dataset")
curl -s -f "$server/models/images/generic/infer_db.json" -F job_id="$model" -F db_path="$val" > "$work/found"
curl -sf "$server/datasets/generic/explore.json?job_id=$dataset&db=val_db/features&size=500" > "$work/true"
error=$(python3 -c '
import json, sys
found, true = (json.load(open(path)) for path in sys.argv[1:])
pairs = [(found["outputs"]["%09d" % each["index"]]["output"], each["label"]) for each in true["images"]]
assert len(pairs) == 250
print(sum(abs(a - b) for guess, label in pairs for a, b in zip(guess, label)) / 500)
' "$work/found" "$work/true")
echo "mean absolute error $error"
