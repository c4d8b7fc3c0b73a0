// Before all else: our pages may not make code of text. Zod would try to, and the browser would report it.
globalThis.__zod_globalConfig = { jitless: true };
