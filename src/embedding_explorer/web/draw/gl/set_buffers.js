// @ts-check
/** The columns of one dataset on the graphics processor; each is sent again only when it has changed. */
import { permutation } from "../../core/permutation.js";
import { setFilter } from "./gl.js";
import { ATTRIBUTES } from "./programs.js";

export const PALETTE_UNIT = 2;
export const READY_UNIT = 3;
const READY_WIDTH = 256;

export class SetBuffers {
  /**
   * @param {WebGL2RenderingContext} gl
   * @param {import("../point_set.js").PointSet} set
   * @param {number} seed of the order in which a part is drawn
   */
  constructor(gl, set, seed) {
    this.gl = gl;
    this.set = set;
    /** @type {Record<string, number>} */
    this.sent = {};
    /** @type {Map<string, WebGLBuffer|null>} */
    this.buffers = new Map();
    this.array = gl.createVertexArray();
    gl.bindVertexArray(this.array);
    this.column("row", set.rows, true);
    gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, this.buffer("order"));
    gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, permutation(set.n, seed), gl.STATIC_DRAW);
    this.palette = texture(gl, PALETTE_UNIT);
    this.ready = texture(gl, READY_UNIT);
    this.update();
  }

  /** @param {string} name */
  buffer(name) {
    if (!this.buffers.has(name)) this.buffers.set(name, this.gl.createBuffer());
    return this.buffers.get(name) ?? null;
  }

  /** @param {keyof typeof ATTRIBUTES} name @param {Uint8Array|Uint16Array|Uint32Array|Float32Array} values @param {boolean} integer */
  column(name, values, integer) {
    const { gl } = this;
    gl.bindBuffer(gl.ARRAY_BUFFER, this.buffer(name));
    gl.bufferData(gl.ARRAY_BUFFER, values, gl.DYNAMIC_DRAW);
    const at = ATTRIBUTES[name];
    const type = { 1: gl.UNSIGNED_BYTE, 2: gl.UNSIGNED_SHORT, 4: values instanceof Float32Array ? gl.FLOAT : gl.UNSIGNED_INT }[values.BYTES_PER_ELEMENT] ?? gl.FLOAT;
    gl.enableVertexAttribArray(at);
    if (integer) gl.vertexAttribIPointer(at, 1, type, 0, 0);
    else gl.vertexAttribPointer(at, 1, type, false, 0, 0);
  }

  /** Send what has changed. */
  update() {
    const { gl, set } = this;
    gl.bindVertexArray(this.array);
    this.when("positions", () => this.sendPositions());
    this.when("colours", () => this.column("colour", set.colours, true));
    this.when("flags", () => this.column("flags", set.flags, true));
    this.when("shapes", () => this.column("shape", set.shapes, true));
    this.when("slots", () => this.column("slot", set.slots, true));
    this.bindTextures();
    this.when("palette", () => gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, set.palette), PALETTE_UNIT);
    this.when("ready", () => this.sendReady(), READY_UNIT);
  }

  /** @param {keyof import("../point_set.js").PointSet["versions"]} what @param {() => void} send @param {number} [unit] */
  when(what, send, unit) {
    if (this.sent[what] === this.set.versions[what]) return;
    this.sent[what] = this.set.versions[what];
    if (unit !== undefined) this.gl.activeTexture(this.gl.TEXTURE0 + unit);
    send();
  }

  sendPositions() {
    const { from, to } = this.set;
    const target = to ?? from;
    for (const axis of /** @type {("x"|"y"|"z")[]} */ (["x", "y", "z"])) {
      this.column(/** @type {"ax"} */ (`a${axis}`), from.positions[axis], false);
      if (to) this.column(/** @type {"bx"} */ (`b${axis}`), target.positions[axis], false);
      else this.gl.disableVertexAttribArray(ATTRIBUTES[/** @type {"bx"} */ (`b${axis}`)]);
    }
  }

  sendReady() {
    const { gl, set } = this;
    const rows = Math.max(1, Math.ceil(set.ready.length / READY_WIDTH));
    const padded = new Uint8Array(READY_WIDTH * rows);
    padded.set(set.ready);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.R8UI, READY_WIDTH, rows, 0, gl.RED_INTEGER, gl.UNSIGNED_BYTE, padded);
  }

  bindTextures() {
    const { gl } = this;
    gl.activeTexture(gl.TEXTURE0 + PALETTE_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.palette);
    gl.activeTexture(gl.TEXTURE0 + READY_UNIT);
    gl.bindTexture(gl.TEXTURE_2D, this.ready);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
  }

  destroy() {
    const { gl } = this;
    for (const buffer of this.buffers.values()) gl.deleteBuffer(buffer);
    gl.deleteVertexArray(this.array);
    gl.deleteTexture(this.palette);
    gl.deleteTexture(this.ready);
  }
}

/** @param {WebGL2RenderingContext} gl @param {number} unit */
function texture(gl, unit) {
  const made = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, made);
  setFilter(gl, gl.TEXTURE_2D, gl.NEAREST);
  return made;
}
