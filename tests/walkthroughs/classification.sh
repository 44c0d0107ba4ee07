#!/bin/sh
# A classification model from folders of images to predictions: sh classification.sh http://localhost:5000 FOLDER
# FOLDER has a folder of images for each class and lies where the server may read. Ends with 0 if all is as promised.
set -eu
server=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cookie=$work/digits.cookie

# `read_json EXPRESSION < answer`: a value of an answer, which Python calls `it`.
read_json() { python3 -c 'import json, sys; it = json.load(sys.stdin); print(eval(sys.argv[1]))' "$1"; }
# `check EXPRESSION < answer`: end with the answer unless that is true.
check() {
    python3 -c 'import json, sys; it = json.load(sys.stdin); eval(sys.argv[1]) or sys.exit(f"not so: {sys.argv[1]}\n{it}")' "$1"
}
# `wait_done /models/<id>`: until the job is Done; says whenever there are more snapshots.
wait_done() {
    seen=
    while :; do
        status=$(curl -sf "$server$1/status" | read_json 'it["status"]')
        now=$(curl -sf "$server$1.json" | read_json 'len(it.get("snapshots", []))')
        [ "$now" = "$seen" ] || echo "$1: $status, $now snapshots"
        seen=$now
        case $status in
            Done) return ;;
            Error | Aborted) curl -s "$server$1.json" >&2; exit 1 ;;
        esac
        sleep 0.2
    done
}

echo '1. log in'
curl -s -o /dev/null -w '%{http_code}\n' -c "$cookie" -F username=fred "$server/login" | grep -qx 302
grep -q fred "$cookie"

echo '2. a dataset of the folders'
curl -s -f -b "$cookie" "$server/datasets/images/classification.json" \
    -F folder_train="$folder" -F encoding=png -F resize_channels=1 -F resize_width=28 -F resize_height=28 \
    -F method=folder -F dataset_name=walkthrough > "$work/made"
check 'it["status"] == "Initialized"' < "$work/made"
dataset=$(read_json 'it["id"]' < "$work/made")

echo '3. wait for it and look at it'
wait_done "/datasets/$dataset"
curl -sf "$server/datasets/$dataset.json" > "$work/dataset"
check '[each["name"] for each in it["ParseFolderTasks"]] == ["Parse Folder (train/val)"]' < "$work/dataset"
check '[each["name"] for each in it["CreateDbTasks"]] == ["Create DB (train)", "Create DB (val)"]' < "$work/dataset"
check 'it["ParseFolderTasks"][0]["train_count"] == it["CreateDbTasks"][0]["entries"] > 0' < "$work/dataset"
curl -sf "$server/index.json" | check "'$dataset' in [each['id'] for each in it['datasets']]"

echo '4. train LeNet'
curl -s -f -b "$cookie" "$server/models/images/classification.json" \
    -F method=standard -F standard_networks=lenet -F train_epochs=30 -F framework=caffe \
    -F model_name=lenet-walkthrough -F dataset="$dataset" > "$work/made"
check 'it["status"] == "Initialized" and it["snapshot file"] == "no snapshots" and it["labels file"]' < "$work/made"
model=$(read_json 'it["id"]' < "$work/made")
wait_done "/models/$model"
curl -sf "$server/models/$model.json" | check 'it["snapshots"] == list(range(1, 31))'

echo '5. classify one image, and the validation images; no cookie'
directory=$(read_json 'it["directory"]' < "$work/dataset")
first=$(head -n 1 "$directory/val.txt")
curl -s -f "$server/models/images/classification/classify_one.json" \
    -F job_id="$model" -F image_file=@"${first% *}" > "$work/one"
cat "$work/one"
echo
labels=$(wc -l < "$directory/labels.txt")
check "len(it['predictions']) == min(5, $labels)" < "$work/one"
curl -s -f "$server/models/images/classification/classify_many.json" \
    -F job_id="$model" -F image_list=@"$directory/val.txt" > "$work/many"
check "len(it['classifications']) == $(wc -l < "$directory/val.txt")" < "$work/many"
echo "accuracy $(read_json 'it["top1_accuracy"]' < "$work/many")"

echo '6. delete the model'
curl -s -f -b "$cookie" -X DELETE "$server/models/$model" | grep -x 'Job deleted.'
