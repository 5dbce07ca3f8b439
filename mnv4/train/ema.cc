#include "mnv4/train/ema.h"
