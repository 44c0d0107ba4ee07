"""`python -m digits.download_data <mnist|cifar10|cifar100> <output_dir> [-c]`: see `embedding-explorer download-data`."""

from embedding_explorer.cli.download import download_data

if __name__ == "__main__":
    download_data(prog_name="python -m digits.download_data")
