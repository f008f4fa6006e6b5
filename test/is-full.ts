/** Whether `semeur test --full` runs: then what is drawn by lot in an ordinary run is tried in full. */
export const IS_FULL = process.env['SEMEUR_TEST_FULL'] === 'yes';
