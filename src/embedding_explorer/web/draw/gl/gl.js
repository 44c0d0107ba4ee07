// @ts-check
/** Small helpers over WebGL2. */

/**
 * @param {WebGL2RenderingContext} gl
 * @param {string} vertex
 * @param {string} fragment
 * @returns {{program: WebGLProgram, at: (name: string) => WebGLUniformLocation|null}}
 * @throws {Error} with the compiler's words
 */
export function makeProgram(gl, vertex, fragment) {
  const program = /** @type {WebGLProgram} */ (gl.createProgram());
  for (const [type, source] of /** @type {[number, string][]} */ ([[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]])) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(type));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
    if (!gl.getShaderParameter(shader, gl.COMPILE_STATUS) && !gl.isContextLost()) throw new Error(gl.getShaderInfoLog(shader) ?? "shader");
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS) && !gl.isContextLost()) throw new Error(gl.getProgramInfoLog(program) ?? "program");
  /** @type {Map<string, WebGLUniformLocation|null>} */
  const places = new Map();
  const at = (/** @type {string} */ name) => {
    if (!places.has(name)) places.set(name, gl.getUniformLocation(program, name));
    return places.get(name) ?? null;
  };
  return { program, at };
}

/**
 * A texture of layers, without mipmaps.
 * @param {WebGL2RenderingContext} gl
 * @param {number} unit texture unit it stays bound to
 * @param {number} format
 * @param {{width: number, height: number, layers: number}} size
 * @returns {WebGLTexture|null} null where the memory is refused
 */
export function makeLayers(gl, unit, format, { width, height, layers }) {
  clearErrors(gl);
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D_ARRAY, texture);
  gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, format, width, height, layers);
  setFilter(gl, gl.TEXTURE_2D_ARRAY, gl.LINEAR);
  if (gl.getError() === gl.NO_ERROR) return texture;
  gl.deleteTexture(texture);
  return null;
}

/** @param {WebGL2RenderingContext} gl @param {number} target @param {number} filter */
export function setFilter(gl, target, filter) {
  for (const name of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER]) gl.texParameteri(target, name, filter);
  for (const name of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T]) gl.texParameteri(target, name, gl.CLAMP_TO_EDGE);
}

/** A lost context reports its loss once for all; otherwise errors queue up. @param {WebGL2RenderingContext} gl */
function clearErrors(gl) {
  for (let i = 0; i < 8 && gl.getError() !== gl.NO_ERROR; i += 1);
}
