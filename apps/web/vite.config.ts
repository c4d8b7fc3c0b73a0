import { icons } from '@iconify-json/lucide';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';
import { iconBodies } from './src/theme/icon-names.ts';

/** Where a running server answers while the screens are worked on with `vite`. */
const server = process.env.AUSCULTA_URL ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  define: { ICON_BODIES: JSON.stringify(iconBodies(icons.icons)) },
  build: { outDir: 'dist', target: 'es2022', sourcemap: false },
  server: {
    host: '127.0.0.1',
    proxy: { '/api': { target: server, ws: true }, '/fhir': { target: server } },
  },
});
