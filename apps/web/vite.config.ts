import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** Where a running server answers while the screens are worked on with `vite`. */
const server = process.env.AUSCULTA_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  build: { outDir: 'dist', target: 'es2022', sourcemap: false },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true }, '/fhir': { target: server } },
  },
});
