/** How many times as many cases a property draws as it does by default: `VOLLEY_PROPERTY_RUNS`. */
export const MORE = Number(process.env.VOLLEY_PROPERTY_RUNS ?? 1)
