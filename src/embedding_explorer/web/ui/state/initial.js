// @ts-check
/** What the page knows: every key of the store, its meaning and its first value. */
import { idle } from "./work_machine.js";

/**
 * @typedef {import("./legend_model.js").LegendClass} LegendClass
 * @typedef {{index: number, file: string, label?: string|null, distance?: number}} Found
 *
 * @typedef {object} Picked an image that is looked at
 * @property {number} row
 * @property {number} layer 0 the map, 1 the overlay
 * @property {any} info answer of /rows/{n}; null while it is on its way
 * @property {Found[]|null} neighbours
 * @property {string} error why there is no info
 * @property {string} neighboursError why there are no neighbours
 * @property {{rows: number[], label: string}|null} list what the arrow keys walk through
 *
 * @typedef {object} Search
 * @property {"text"|"picture"} kind
 * @property {string} text what was typed, or the picture's file name
 * @property {boolean} running
 * @property {number} total
 * @property {Found[]} rows
 * @property {string} error
 * @property {string} [picture] object URL of the picture
 * @property {Record<string, [number, number, number]>} [coordinates] where it lies, by reducer
 *
 * @typedef {object} Compare another dataset of the same pictures
 * @property {string} id
 * @property {string} name
 * @property {"side"|"morph"} how
 * @property {boolean} linked one camera for both
 * @property {boolean} running what follows is on its way
 * @property {string} error why they cannot be compared
 * @property {any} data MapData
 * @property {Uint32Array} matches its row for each row of the map
 * @property {Uint32Array} back the map's row for each of its rows
 * @property {import("../../data/comparison.js").Agreement|null} figures
 * @property {string} figuresError why there are none
 *
 * @typedef {{id: string, name: string, data: any, shown: boolean, running: boolean, error: string}} Overlay
 *
 * @typedef {object} State
 * @property {"starting"|"loading"|"ready"|"empty"|"failed"} phase
 * @property {string} failure why the map is not there
 * @property {any[]|null} maps the list of datasets
 * @property {{images: number, bytes: number}|null} limits of an upload
 * @property {import("../../data/networks.js").Networks|null} networks to choose from, once they were asked for
 * @property {any} data MapData
 * @property {any} manifest of `data`; fetched again when names or columns change
 * @property {string} reducer
 * @property {"3d"|"2d"} mode
 * @property {"orbit"|"box"|"lasso"} tool
 * @property {"replace"|"add"|"subtract"} combine what a box or lasso does with the selection
 * @property {string} camera as the view writes it
 * @property {string} colour column, "none" or "selections"
 * @property {{meta: any, values: Uint16Array|Float32Array}|null} column the one that colours
 * @property {LegendClass[]} classes of it
 * @property {Set<number>} hidden classes
 * @property {[number, number]|null} range of a numeric column that is shown
 * @property {Uint8Array|null} palette of the colours on the map
 * @property {boolean} tint colour the borders of thumbnails
 * @property {number} size factor of the pictures' size
 * @property {number} visible images that the legend lets through
 * @property {any} selection RowSet
 * @property {import("../../data/selections.js").NamedSelection[]} shelf named selections
 * @property {Search|null} search
 * @property {Picked|null} picked
 * @property {number|null} pointed row that a list points at
 * @property {number} pointedLayer which dataset's row that is
 * @property {Overlay|null} overlay
 * @property {Compare|null} compare
 * @property {number} glide how far the images are on the way to the other map, 0 to 1
 * @property {"none"|"dim"|"gone"} fade how images that the other map lacks are drawn
 * @property {number|null} hovered row under the pointer, while maps are compared
 * @property {string|null} other camera of the other map
 * @property {import("../../data/series.js").SeriesOfMaps|null} series maps of a model's epochs, one of which is open
 * @property {number} moment which of them is shown, counted from 0; between two of them a fraction
 * @property {boolean} playing whether it goes on by itself
 * @property {{drawn: number, total: number, moving: boolean}} shown
 * @property {import("./work_machine.js").Work} work
 * @property {any} foreign somebody else's job
 * @property {{running: boolean, job: any, error: string}} clusters
 * @property {boolean} dockOpen
 */

/** @returns {State} */
export function initialState() {
  return {
    phase: "starting", failure: "", maps: null, limits: null, networks: null, data: null, manifest: null,
    reducer: "", mode: "3d", tool: "orbit", combine: "replace", camera: "",
    colour: "none", column: null, classes: [], hidden: new Set(), range: null, palette: null, tint: true, size: 1, visible: 0,
    selection: null, shelf: [], search: null, picked: null, pointed: null, pointedLayer: 0, overlay: null,
    compare: null, glide: 0, fade: "none", hovered: null, other: null,
    series: null, moment: 0, playing: false,
    shown: { drawn: 0, total: 0, moving: false }, work: idle(), foreign: null,
    clusters: { running: false, job: null, error: "" }, dockOpen: true,
  };
}

/**
 * What panels and actions work with.
 * @typedef {object} App
 * @property {import("./store.js").Store<State>} store
 * @property {any} view MapView
 * @property {import("../parts/toasts.js").Toasts} toasts
 * @property {(text: string) => void} announce to those who listen instead of looking
 * @property {Uint8Array} flags of the images, as the view has them
 * @property {import("../../data/selections.js").SelectionShelf|null} shelf
 * @property {import("./twin.js").Twin|null} twin the other map beside it
 * @property {import("../../view/map_view.js").Options} options of views
 */

/** The reduction to begin with. @param {any} manifest @param {string|null} [wanted] */
export function bestReducer(manifest, wanted) {
  const names = Object.keys(manifest.reductions);
  return [wanted, "umap", "pca", names[0]].find((name) => name && names.includes(name)) ?? "";
}

/** Reducers in the order in which they are shown. @param {any} manifest */
export function reducersOf(manifest) {
  const order = ["pca", "umap"];
  return Object.keys(manifest.reductions).sort((a, b) => (order.indexOf(a) + 9) % 9 - (order.indexOf(b) + 9) % 9);
}
