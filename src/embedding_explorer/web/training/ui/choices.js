// @ts-check
/** What several forms offer. */

export const RESIZE_MODES = [
  { value: "squash", label: "Squash: change the proportions" }, { value: "crop", label: "Crop: cut off what is too long" },
  { value: "fill", label: "Fill: noise around it" }, { value: "half_crop", label: "Half crop, half fill" },
];
export const CHANNELS = [{ value: "3", label: "Colour" }, { value: "1", label: "Gray" }];
