// How the console is built: hashed assets, compressed ahead, and nothing that needs an inline script or style.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { defineConfig, type Plugin } from "vite";

const COMPRESSED = /\.(js|css|svg)$/;

/** Lays beside every text asset what it is once compressed, so that the server need not do it for each request. */
function compress(): Plugin {
  return {
    name: "compress",
    apply: "build",
    writeBundle({ dir = "" }) {
      for (const name of readdirSync(dir, { recursive: true })
        .map(String)
        .filter((each) => COMPRESSED.test(each))) {
        const plain = readFileSync(join(dir, name));
        writeFileSync(join(dir, `${name}.gz`), gzipSync(plain, { level: 9 }));
        const quality = { [constants.BROTLI_PARAM_QUALITY]: 11 };
        writeFileSync(join(dir, `${name}.br`), brotliCompressSync(plain, { params: quality }));
      }
    },
  };
}

export default defineConfig({
  plugins: [compress()],
  build: {
    target: "es2023",
    assetsInlineLimit: 0,
    manifest: true,
    modulePreload: { polyfill: false },
    chunkSizeWarningLimit: 600,
    reportCompressedSize: false,
  },
  server: {
    proxy: { "/graphql": { target: process.env["TOCSIN_URL"] ?? "http://127.0.0.1:8000", ws: true } },
  },
});
