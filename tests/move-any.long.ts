/** The same as the short run, forty times over: `npm run test:long`. */
process.env['AUSCULTA_ROUNDS'] = '40';
await import('./move-any.test.ts');
