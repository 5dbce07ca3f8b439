#include "mnv4/train/optimizer.h"
