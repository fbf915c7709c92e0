"""Physics of continuous processes for the units of the model: reactions, distillation by shortcut, heat and steam."""
