#pragma once
/// Pictures: decoding, Pillow's resize, timm's crops and normalisation. Includes them all.

#include "mnv4/image/decode.h"
#include "mnv4/image/pixels.h"
#include "mnv4/image/preprocess.h"
#include "mnv4/image/resize.h"
