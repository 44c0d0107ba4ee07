// @ts-check
/** Whether there is a graphics processor behind WebGL2. */

const IMITATIONS = /swiftshader|llvmpipe|softpipe|basic render|software|paravirtual/i;
const DOTS = 20_000;
const SLOW = 6;

/** @returns {{name: string, software: boolean}|null} null where there is no WebGL2 */
export function probe() {
  const gl = document.createElement("canvas").getContext("webgl2", { antialias: false, depth: false });
  if (!gl) return null;
  const info = gl.getExtension("WEBGL_debug_renderer_info");
  const name = String(gl.getParameter(info ? info.UNMASKED_RENDERER_WEBGL : gl.RENDERER));
  const software = IMITATIONS.test(name) || isSlow(gl);
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return { name, software };
}

/** Some browsers hide the name; then 20,000 dots tell. @param {WebGL2RenderingContext} gl */
function isSlow(gl) {
  const program = /** @type {WebGLProgram} */ (gl.createProgram());
  const sources = [
    "#version 300 es\nvoid main(){gl_Position=vec4(fract(float(gl_VertexID)*vec2(.618,.414))*2.-1.,0,1);gl_PointSize=3.;}",
    "#version 300 es\nprecision lowp float;out vec4 c;void main(){c=vec4(1);}",
  ];
  for (const [i, source] of sources.entries()) {
    const shader = /** @type {WebGLShader} */ (gl.createShader(i === 0 ? gl.VERTEX_SHADER : gl.FRAGMENT_SHADER));
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  gl.useProgram(program);
  const draw = () => {
    const start = performance.now();
    gl.drawArrays(gl.POINTS, 0, DOTS);
    // Reading a pixel waits for the drawing.
    gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
    return performance.now() - start;
  };
  // The first draw includes compiling.
  draw();
  return Math.min(draw(), draw(), draw()) > SLOW;
}
