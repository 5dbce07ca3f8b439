#include "mnv4/train/loss.h"
