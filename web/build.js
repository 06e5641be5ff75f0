// Bundles charts.js into the package. The result is one ES module that loads nothing else.
import { build } from "esbuild";

await build({
  entryPoints: ["charts.js"],
  outfile: "../src/outlay/serve/web/static/vendor/charts.js",
  bundle: true,
  format: "esm",
  target: "es2022",
  minify: true,
  legalComments: "eof",
  define: { "process.env.NODE_ENV": '"production"' },
  logLevel: "info",
});
